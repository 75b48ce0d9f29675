"""For people who write storage provisioners: the answer as typed rows, and the way back."""
