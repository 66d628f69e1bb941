"""From the items of a session to arrays, and the offline console that adds them up."""
