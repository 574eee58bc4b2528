"""The rooms of the organisers: who runs a letter is at the screen."""
