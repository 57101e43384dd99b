"""Where a scene lies in a picture: relative coordinates for each aspect, so that every target shows the same scene and none is cut."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Place = TypeVar("Place", float, Floats)


@dataclass(frozen=True, slots=True)
class Frame:
    """Scene coordinates: ``u`` runs to the right from the middle, ``v`` down from the horizon, both in units of ``scale`` pixels.

    A wide picture shows more to the sides, a tall one more sky and more ground; what matters stands within 0.4 units of the middle.
    """

    width: int
    height: int
    scale: float
    horizon: float

    @classmethod
    def of(cls, width: int, height: int, horizon: float = 0.6) -> "Frame":
        """The frame of a picture whose horizon lies at the share ``horizon`` of its height."""
        return cls(width, height, float(min(height, 1.2 * width)), horizon * height)

    @property
    def us(self) -> Floats:
        """``u`` of every column's centre."""
        return np.asarray((np.arange(self.width) + 0.5 - self.width / 2) / self.scale, np.float64)

    @property
    def vs(self) -> Floats:
        """``v`` of every row's centre."""
        return np.asarray((np.arange(self.height) + 0.5 - self.horizon) / self.scale, np.float64)

    @property
    def top(self) -> float:
        return -self.horizon / self.scale

    @property
    def bottom(self) -> float:
        return (self.height - self.horizon) / self.scale

    @property
    def right(self) -> float:
        return self.width / 2 / self.scale

    def x(self, u: Place) -> Place:
        """Column of ``u``."""
        return u * self.scale + self.width / 2

    def y(self, v: Place) -> Place:
        """Row of ``v``."""
        return v * self.scale + self.horizon

    def box(self, u: float, v: float, reach: float) -> tuple[slice, slice]:
        """Rows and columns within ``reach`` of a place, as far as they lie in the picture; empty where none does."""
        x, y, far = self.x(u), self.y(v), reach * self.scale
        columns = slice(max(int(x - far), 0), min(int(x + far) + 1, self.width))
        return slice(max(int(y - far), 0), min(int(y + far) + 1, self.height)), columns

    def distance(self, u: float, v: float) -> npt.NDArray[np.float32]:
        """Distance [height, width] of every pixel from a place, in units."""
        du = (self.us - u).astype(np.float32) ** 2
        dv = (self.vs - v).astype(np.float32) ** 2
        return np.asarray(np.sqrt(dv[:, None] + du[None]), np.float32)
