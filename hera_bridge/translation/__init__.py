"""From a plan to native objects, purely: templates, the graph of their tasks, schedules."""
