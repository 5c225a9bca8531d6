"""Many cases for several candidates, in processes of their own, which may hang, crash or be interrupted."""
