"""What is worth a message: conditions that last, kept over restarts, told once and taken back."""
