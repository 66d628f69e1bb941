"""The progress window: a process of its own that follows a run's folder and can only ask the worker to stop."""
