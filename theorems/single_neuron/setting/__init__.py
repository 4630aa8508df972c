"""What the statements stand on: the world of XD23: its network, loss, states and starts."""
