"""From a plan to native objects, purely: the state machine and its job definitions."""
