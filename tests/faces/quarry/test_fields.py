import pytest

from pentaprism.faces.quarry.errors import Invalid
from pentaprism.faces.quarry.schemas.fields import read_batch, read_fields, read_save_dir


@pytest.mark.parametrize(
    ("text", "folder"),
    [("", ""), ("./results", ""), ("results", ""), ("results/shoes", "shoes"), ("shoes", "shoes"), ("./results/a b/c.d/", "a b/c.d")],
)
def test_folders_lie_below_the_results(text: str, folder: str) -> None:
    assert read_save_dir(text) == folder


@pytest.mark.parametrize(
    "text", ["/", "/etc", "..", "a/../b", "a//b", "~", "c:", "a\\b", "a\0", ".a", "a/.b", "é", "a" * 65, " a", "a/b/c/d/e/f/g/h/i"]
)
def test_other_folders_are_refused(text: str) -> None:
    with pytest.raises(Invalid):
        read_save_dir(text)


def test_absent_fields_have_the_defaults_of_the_reference() -> None:
    fields = read_fields("auto", {"points_per_side": "", "note": "hello"}, ["file"], "vit_h")
    assert fields.auto["points_per_side"] == 64
    assert (fields.model_type, fields.max_masks, fields.format, fields.units) == ("vit_h", 500, "png", "normalized")
    assert [warning.split()[2] for warning in fields.warnings] == ["note", "file"]
    assert read_fields("box", {}, [], "vit_h").units == "pixel"


@pytest.mark.parametrize(
    "form",
    [{"points_per_side": "0"}, {"points_per_side": "257"}, {"points_per_side": "1."}, {"pred_iou_thresh": "1.1"},
     {"pred_iou_thresh": "nan"},
     {"crop_n_layers": "5"}, {"points_per_side": "8", "crop_n_layers": "4", "crop_n_points_downscale_factor": "16"},
     {"max_masks": "0"},
     {"points_per_side": "256", "crop_n_layers": "4", "crop_n_points_downscale_factor": "1"}, {"min_mask_region_area": "-1"}],
)  # fmt: skip
def test_numbers_out_of_range_are_refused(form: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        read_fields("auto", form, [], "vit_h")


def test_batches_take_typed_parameters_and_name_unknown_ones() -> None:
    fields = read_batch({"points_per_side": 16, "multimask_output": False, "custom_param": "value"}, "vit_b")
    assert (fields.auto["points_per_side"], fields.multimask, fields.model_type) == (16, False, "vit_b")
    assert "custom_param" in fields.warnings[0]
    for wrong in ({"points_per_side": "16"}, {"points_per_side": True}, {"multimask_output": "true"}, {"format": 7}, {"format": []}):
        with pytest.raises(Invalid):
            read_batch(wrong, "vit_b")
