"""Ring scenarios, one module for each family."""
