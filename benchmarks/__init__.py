"""What automation costs, measured against hand-written NumPy."""
