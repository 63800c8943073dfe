"""The words for people, and the languages they are said in."""
