"""Operations on strings, and numbers as text."""
