"""The models by name, without anything heavy."""

SAM_MODELS = ("vit_h", "vit_l", "vit_b", "vit_t")
MODELS = (*SAM_MODELS, "embedded")
