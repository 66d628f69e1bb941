"""The models themselves, as pure maths on arrays: nothing here knows about audio, tracks or sessions."""
