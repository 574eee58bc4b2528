"""The room of the signatories: the letter, signing, confirming, managing."""
