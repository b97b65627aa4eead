"""The algorithm as MMEngine modules: backbone, projector, head; variants have their own folders."""
