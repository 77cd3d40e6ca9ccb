"""What is handed out: notebooks without solutions, and assignments for nbgrader."""
