"""What people and Apps can do: each function changes the state and announces the events GitHub would send."""
