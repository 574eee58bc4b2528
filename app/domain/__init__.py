"""Rules of the house: plain functions that know neither Flask nor the terminal."""
