"""State: what a candidate keeps from call to call shows in some order of calls, and these are asked in many."""
