"""Operations on the arrangement of elements: constants, shapes, indexing, joining, slicing."""
