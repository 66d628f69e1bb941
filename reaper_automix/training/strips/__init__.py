"""The differentiable mixing console: predicting whole channel strips, trained through the console itself."""
