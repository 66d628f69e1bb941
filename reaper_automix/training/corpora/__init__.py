"""Human mixing decisions from many sources, in one form: ``contract`` says which; one module per source."""
