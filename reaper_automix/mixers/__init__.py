"""Musical decisions: each mixer hears a session and answers with a change of level per track."""
