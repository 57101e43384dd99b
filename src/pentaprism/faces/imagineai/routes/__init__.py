"""Operations of the imagineai face over HTTP."""
