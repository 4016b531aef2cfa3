"""What a task runs, wherever it runs.

Reading order: `task` (the entry), `request` (what it is asked), `supervisor` (tries, loops and members),
`child` (one process: its output, its end), `execution` (one try: attempt, inputs, Metaflow's commands),
`attempts` and `results` (what the datastore knows), `logs`.
"""
