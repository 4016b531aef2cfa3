"""What loading, compiling and running cost, beside stock Metaflow and hand-written DAGs, in one run."""
