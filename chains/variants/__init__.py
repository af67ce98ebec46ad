"""Prompt techniques, one a file; each exports VARIANT, a chains.templates.PromptTemplateText."""
