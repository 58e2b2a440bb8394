"""The exact analysis against brute force, sampling, and the evaluator."""
