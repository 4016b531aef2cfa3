"""What the commands of every engine share."""
