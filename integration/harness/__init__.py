"""Real servers on loopback for integration tests, the demo and the benchmarks; each stops what it started."""
