"""What plans and tasks both need: task ids, the plain graph, the walk from a task to its parents."""
