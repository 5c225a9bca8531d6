"""What is asked: cases, their options within limits, their numbers, and how these lie in memory."""
