"""Images in, images out: decoding, encoding, outlines, masks. Import the module that you need; nothing is loaded here."""
