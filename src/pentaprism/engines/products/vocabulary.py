"""The words that the products engine may say: categories, subcategories, labels, attribute values, defect types, severities."""

from typing import Final

CATEGORIES: Final = (
    "electronics",
    "clothing",
    "footwear",
    "furniture",
    "jewelry",
    "toys",
    "sports",
    "home_garden",
    "automotive",
    "books",
    "other",
)

TREE: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "electronics": {
        "audio": ("headphones", "earphones", "speaker", "microphone"),
        "computing": ("laptop", "keyboard", "mouse", "monitor"),
        "mobile": ("smartphone", "tablet"),
        "wearables": ("smartwatch",),
        "imaging": ("camera",),
        "gaming": ("game_controller",),
    },
    "clothing": {
        "tops": ("t_shirt", "shirt", "sweater"),
        "bottoms": ("trousers", "jeans", "skirt", "shorts"),
        "outerwear": ("jacket", "coat"),
        "dresses": ("dress",),
        "bags": ("handbag", "backpack"),
        "accessories": ("hat", "scarf", "belt"),
    },
    "footwear": {"casual": ("sneaker",), "boots": ("boot",), "open": ("sandal",), "formal": ("dress_shoe", "high_heel")},
    "furniture": {
        "seating": ("chair", "sofa", "stool"),
        "tables": ("table", "desk"),
        "storage": ("shelf", "cabinet"),
        "bedroom": ("bed",),
    },
    "jewelry": {
        "rings": ("ring",),
        "necklaces": ("necklace",),
        "earrings": ("earring",),
        "bracelets": ("bracelet",),
        "watches": ("watch",),
    },
    "toys": {
        "plush": ("teddy_bear",),
        "building": ("building_blocks",),
        "vehicles": ("toy_car",),
        "dolls": ("doll",),
        "games": ("puzzle", "board_game"),
    },
    "sports": {
        "balls": ("ball",),
        "fitness": ("dumbbell", "yoga_mat"),
        "rackets": ("racket",),
        "cycling": ("bicycle",),
        "outdoor": ("tent",),
    },
    "home_garden": {
        "kitchen": ("mug", "pan", "kettle", "bottle"),
        "decor": ("vase", "candle", "cushion"),
        "lighting": ("lamp",),
        "garden": ("plant_pot", "watering_can"),
    },
    "automotive": {"wheels": ("tire", "wheel"), "parts": ("car_battery",), "interior": ("car_mat",)},
    "books": {"print": ("book", "magazine", "comic")},
}

PLACES: Final[dict[str, tuple[str, str]]] = {
    label: (category, subcategory)
    for category, subcategories in TREE.items()
    for subcategory, labels in subcategories.items()
    for label in labels
}
OTHER: Final = "other"
LABELS: Final = (*PLACES, OTHER)

ATTRIBUTES: Final[dict[str, tuple[str, ...]]] = {
    "color": ("red", "blue", "green", "yellow", "orange", "purple", "pink", "brown", "black", "white", "gray", "beige"),
    "material": ("leather", "metal", "wood", "plastic", "fabric", "glass", "ceramic", "rubber"),
    "condition": ("new", "like_new", "good", "fair", "poor"),
    "pattern": ("solid", "striped", "plaid", "dotted", "textured", "floral"),
    "style": ("casual", "formal", "sporty", "vintage", "modern", "minimalist"),
}
ATTRIBUTE_NAMES: Final = (*ATTRIBUTES, "brand")
BRAND_LENGTH: Final = 80

DEFECT_TYPES: Final = ("scratch", "dent", "missing_part", "discoloration", "stain", "crack", "tear", "other")
SEVERITIES: Final = ("low", "medium", "high")
QUALITY_FLAGS: Final = ("blurry", "dark", "overexposed", "small", "busy_background")


def category_of(label: str) -> str:
    """The category of a fine label, of a category itself, or ``other``. Raises KeyError for a word outside the vocabulary."""
    return label if label in CATEGORIES else PLACES[label][0]


def subcategory_of(label: str) -> str | None:
    """The subcategory of a fine label; None for a category and for ``other``. Raises KeyError for an unknown word."""
    return None if label in CATEGORIES else PLACES[label][1]
