"""Frames of a video file, decoded by PyAV (extra ``video``): one for every so many seconds, and its second."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.damage import short_reason
from cmivqa_kit.errors import UserError

SUFFIXES = (".mp4", ".mkv", ".webm", ".mov", ".avi", ".m4v", ".flv", ".mpg", ".mpeg", ".ts", ".wmv")
MOST_PIXELS = 16384 * 8192  # of a frame: a header that says more is taken for damage
MISSING = 2.0  # seconds that may be missing at the end; files state lengths that are not exact
GET_AGAIN = "Download it again, or leave it out."
Picture = NDArray[np.uint8]  # (rows, columns, 3), RGB


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame, and the second of the video that it stands for."""

    second: float
    picture: Picture


def sampled_frames(path: Path, fps: float, by_stride: bool = False) -> Iterator[Frame]:
    """The frames that are seen at 0, 1 / fps, 2 / fps, ... seconds, whatever the rate of the video is; upright.

    Args:
        path: the video.
        fps: frames per second that are wanted.
        by_stride: every n-th frame instead, n being the whole part of the video's rate over ``fps``, as LOVEU's
            baseline samples: at 29.97 frames per second a frame every 29; as they are stored, upright or not.

    Raises:
        UserError: PyAV is not installed; or the video cannot be decoded to its end.
    """
    require_decoder()
    import av

    try:
        with av.open(str(path)) as container:
            stream = next(iter(container.streams.video), None)
            if stream is None:
                raise UserError(f"{path}: no video in it", "Leave it out, or name the file with the pictures.")
            if stream.width * stream.height > MOST_PIXELS:
                raise UserError(f"{path}: frames of {stream.width} x {stream.height} pixels", GET_AGAIN)
            stream.thread_type = "AUTO"
            rate = float(stream.average_rate or stream.guessed_rate or 0)
            decoded = _timed(container.decode(stream), rate)
            yield from _strided(decoded, rate, fps) if by_stride else _seen(decoded, fps, rate, _length(stream), path)
    except (av.FFmpegError, OSError, ValueError, MemoryError) as error:
        reason = getattr(error, "strerror", None) or short_reason(error)
        raise UserError(f"{path}: cannot be decoded ({reason})", GET_AGAIN) from None


def require_decoder() -> None:
    """Refuse to go on without PyAV.

    Raises:
        UserError: it is not installed.
    """
    if find_spec("av") is None:
        raise UserError("videos are decoded by PyAV, which is not installed here", "pip install av pillow")


def _timed(frames: Iterator[Any], rate: float) -> Iterator[tuple[float, Any]]:
    """Frames with their seconds from the first one on; one without a time follows the last by the rate."""
    first: float | None = None
    second = 0.0
    for number, frame in enumerate(frames):
        time = frame.time if frame.time is not None else (first or 0.0) + number / (rate or 1.0)
        first = time if first is None else first
        second = max(second, time - first)
        yield second, frame


def _seen(
    frames: Iterator[tuple[float, Any]], fps: float, rate: float, length: float | None, path: Path
) -> Iterator[Frame]:
    """The frame that is on the screen at every sampled second."""
    sampled, before, last = 0, None, 0.0
    for second, frame in frames:
        while before is not None and second > sampled / fps + 1e-6:
            yield Frame(sampled / fps, _picture(before))
            sampled += 1
        before, last = frame, second
    if before is None:
        raise UserError(f"{path}: no frame in it", GET_AGAIN)
    end = last + 1 / (rate or fps)
    if length is not None and end < length - max(MISSING, 0.05 * length):
        raise UserError(f"{path}: breaks off at second {end:.0f} of {length:.0f}", GET_AGAIN)
    while not sampled or sampled / fps < end - 1e-6:
        yield Frame(sampled / fps, _picture(before))
        sampled += 1


def _strided(frames: Iterator[tuple[float, Any]], rate: float, fps: float) -> Iterator[Frame]:
    stride = max(int(rate / fps), 1)
    for number, (second, frame) in enumerate(frames):
        if number % stride == 0:
            yield Frame(second, _picture(frame, as_stored=True))  # the published reader does not turn them


def _length(stream: Any) -> float | None:
    """Seconds of the stream as the file states them."""
    return None if stream.duration is None else float(stream.duration * stream.time_base)


def _picture(frame: Any, as_stored: bool = False) -> Picture:
    pixels: Picture = frame.to_ndarray(format="rgb24")
    return pixels if as_stored else upright(pixels, getattr(frame, "rotation", 0))


def upright(picture: Picture, degrees: float) -> Picture:
    """A picture turned counter-clockwise, to the nearest quarter: what a phone notes beside frames held sideways."""
    return np.ascontiguousarray(np.rot90(picture, round(degrees / 90)))
