"""What is shipped: the wheel and the source distribution, built and tried like anybody would."""
