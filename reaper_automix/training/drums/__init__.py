"""The gains of a drum kit's microphones: recordings, engineers, learners and the published table."""
