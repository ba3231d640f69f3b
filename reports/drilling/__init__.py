"""The rows behind a number: by what they are chosen (`conditions`), and how they are listed."""
