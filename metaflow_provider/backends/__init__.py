"""Where steps run: `base` says what a backend is asked, `process` runs steps on the worker."""
