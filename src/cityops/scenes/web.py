"""What a scene's own routes (``routes.py``) work with; imported by those files only, for it brings FastAPI along."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from cityops.scenes.registry import SceneContext


async def scene_context(request: Request) -> SceneContext:
    """What the composition root handed in (``create_app(..., scenes=...)``)."""
    context = request.app.state.scenes
    assert isinstance(context, SceneContext)
    return context


Scenes = Annotated[SceneContext, Depends(scene_context)]
