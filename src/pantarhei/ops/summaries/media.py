"""Summaries of images and sounds: PNG through Pillow, WAV through the standard library.

Converts floats to the bytes of pixels and samples. What summaries have in common is in
summaries.
"""

from __future__ import annotations

import io
import wave
from collections.abc import Sequence
from typing import Any

import numpy as np

from pantarhei.core import dtypes
from pantarhei.core.messages import library_module
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.definitions.opdef import apply
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.ops.summaries.scalars import (
    SummaryFamily,
    collected,
    dimensions,
    summary_scope,
    tag_text,
)
from pantarhei.program.ir import Array, ProgramError

# Pixels that are not finite: opaque red.
_BAD_COLOR = (255, 0, 0, 255)

# Below it, an image counts as black.
_SMALLEST_RANGE = 1e-6

_MODES = {1: "L", 3: "RGB", 4: "RGBA"}


class ImageSummary(SummaryFamily):
    """The first images of a batch as PNG."""

    signature = (
        "tag: string, tensor: T -> summary: string | max_images: int = 3 "
        "| T: {uint8, float32, float16, float64} = float32 | bad_color: tensor"
    )

    def fill(self, summary: Any, op: Operation, *arrays: Array) -> None:
        tag, images = tag_text(arrays[0]), arrays[1]
        if images.ndim != 4 or images.shape[3] not in _MODES:
            raise ProgramError(
                f"Tensor must be 4-D with last dim 1, 3, or 4, not {dimensions(images)}"
            )
        limit = op.attributes["max_images"]
        bad_color = np.asarray(op.attributes["bad_color"], np.uint8)
        if images.shape[0] and not images.size:
            shown = ", ".join(map(str, images.shape))
            raise ProgramError(f"input tensor must have non-zero dims. Found: [{shown}].")
        for index, image in enumerate(images[:limit]):
            height, width, channels = image.shape
            pixels = image if image.dtype == np.uint8 else as_pixels(image, bad_color)
            value = summary.value.add(tag=f"{tag}/image/{index}" if limit > 1 else f"{tag}/image")
            value.image.height, value.image.width = height, width
            value.image.colorspace = channels
            value.image.encoded_image_string = _png(pixels)


def as_pixels(image: Array, bad_color: Array) -> Array:
    """A float image of shape (height, width, channels) as uint8.

    Without negative numbers the largest becomes 255; with them zero lies at 128 and the largest
    magnitude 127 away from it. A pixel that is not finite in every channel gets the bad color.
    """
    real: Any = image.dtype.type
    finite = np.asarray(np.isfinite(image).all(axis=2))
    least = image[finite].min(initial=np.inf)
    most = image[finite].max(initial=-np.inf)
    if least < 0:
        span, full, offset = max(abs(least), abs(most)), 127, 128
    else:
        span, full, offset = most, 255, 0
    # The scale is a float32 whatever the image is, as in TensorFlow.
    scale = np.float32(0 if span < _SMALLEST_RANGE else full) / np.float32(span or 1)
    scaled = np.where(finite[..., None], image, real(0)) * real(scale) + real(offset)
    return np.where(finite[..., None], scaled.astype(np.uint8), bad_color[: image.shape[2]])


def _png(pixels: Array) -> bytes:
    image_module = library_module("PIL.Image", "tf.summary.image", "Pillow")
    mode = _MODES[pixels.shape[2]]
    image = image_module.fromarray(pixels[..., 0] if mode == "L" else pixels)
    buffer = io.BytesIO()
    image.save(buffer, format="PNG")
    return buffer.getvalue()


class AudioSummaryV2(SummaryFamily):
    """The first sounds of a batch as WAV."""

    signature = (
        "tag: string, tensor: float32, sample_rate: float32 -> summary: string "
        "| max_outputs: int = 3"
    )

    def fill(self, summary: Any, op: Operation, *arrays: Array) -> None:
        tag, sounds, rate = tag_text(arrays[0]), arrays[1], arrays[2]
        if sounds.ndim not in (2, 3):
            raise ProgramError(f"Tensor must be 3-D or 2-D, got: {dimensions(sounds)}")
        if rate.ndim or rate[()] <= 0:
            raise ProgramError("sample_rate must be > 0")
        limit = op.attributes["max_outputs"]
        for index, sound in enumerate(sounds[:limit]):
            frames = sound.reshape(len(sound), -1)
            value = summary.value.add(tag=f"{tag}/audio/{index}" if limit > 1 else f"{tag}/audio")
            value.audio.sample_rate = float(rate[()])
            value.audio.length_frames, value.audio.num_channels = frames.shape
            value.audio.content_type = "audio/wav"
            value.audio.encoded_audio_string = _wav(frames, round(float(rate[()])))


def _wav(frames: Array, rate: int) -> bytes:
    """Samples of shape (frames, channels) between -1 and 1 as WAV with 16 bits."""
    scaled = frames * np.float32(1 << 15)
    # Halves are rounded away from zero.
    rounded = np.trunc(scaled + np.copysign(np.float32(0.5), scaled))
    samples = np.clip(rounded, -(1 << 15), (1 << 15) - 1).astype("<i2")
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(frames.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())
    return buffer.getvalue()


def image(
    name: str,
    tensor: Any,
    max_outputs: int = 3,
    collections: Sequence[str] | None = None,
    family: str | None = None,
) -> Tensor:
    """A summary of the first images of a batch.

    Floats are scaled image by image: the largest becomes 255 if there is no negative number,
    otherwise zero lies at 128 and the number farthest from it 127 away. uint8 is kept.

    Args:
      name, collections, family: as for `tf.summary.scalar`; the tag ends in `/image`, and in the
        number of the image where `max_outputs` is not 1.
      tensor: shape (batch, height, width, channels) with 1 (grey), 3 (RGB) or 4 (RGBA) channels;
        uint8, float16, float32 or float64.
      max_outputs: how many images are kept at most.

    Returns:
      A string scalar: a serialized `Summary`.

    Raises:
      TypeError: the dtype is another. ValueError: `max_outputs` is below 1.
      tf.errors.InvalidArgumentError: when it runs and the shape is another.

    Example:
      >>> import pantarhei as tf
      >>> tf.reset_default_graph()
      >>> shown = tf.Session().run(tf.summary.image("noise", tf.random_uniform([1, 8, 6, 1])))
      >>> value = tf.Summary.FromString(shown).value[0]
      >>> value.tag, value.image.height, value.image.width
      ('noise/image/0', 8, 6)
    """
    _check_count("max_images", "ImageSummary", max_outputs)
    bad_color = np.array(_BAD_COLOR, np.uint8)
    with summary_scope(name, family, values=[tensor]) as (tag, scope):
        summary = apply(
            "ImageSummary", tag, tensor, max_images=max_outputs, bad_color=bad_color, name=scope
        )
        return collected(summary, collections)


def audio(
    name: str,
    tensor: Any,
    sample_rate: Any,
    max_outputs: int = 3,
    collections: Sequence[str] | None = None,
    family: str | None = None,
) -> Tensor:
    """A summary of the first sounds of a batch.

    Args:
      name, collections, family: as for `tf.summary.scalar`; the tag ends in `/audio`, and in the
        number of the sound where `max_outputs` is not 1.
      tensor: float32 between -1 and 1, shape (batch, frames, channels) or (batch, frames).
      sample_rate: frames per second, a float32 scalar.
      max_outputs: how many sounds are kept at most.

    Returns:
      A string scalar: a serialized `Summary`.

    Raises:
      ValueError: `max_outputs` is below 1.
      tf.errors.InvalidArgumentError: when it runs and the shape is another, or the rate is not
        positive.

    Example:
      >>> import pantarhei as tf
      >>> tf.reset_default_graph()
      >>> heard = tf.Session().run(tf.summary.audio("hiss", tf.random_uniform([1, 100]), 8000))
      >>> tf.Summary.FromString(heard).value[0].audio.length_frames
      100
    """
    _check_count("max_outputs", "AudioSummaryV2", max_outputs)
    with summary_scope(name, family, values=[tensor]) as (tag, scope):
        rate = convert_to_tensor(sample_rate, dtypes.float32, "sample_rate")
        summary = apply("AudioSummaryV2", tag, tensor, rate, max_outputs=max_outputs, name=scope)
        return collected(summary, collections)


def _check_count(attribute: str, op_type: str, value: int) -> None:
    if value < 1:
        raise ValueError(
            f"Attr '{attribute}' of '{op_type}' Op passed {value} less than minimum 1."
        )
