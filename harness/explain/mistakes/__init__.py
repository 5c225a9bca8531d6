"""What a wrong kernel may compute instead: other conventions and common mistakes, as something to run."""
