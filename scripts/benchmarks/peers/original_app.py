"""The original's stack in its own shape, without its defects: FastAPI, uvicorn, one shared Redis connection pool; the
body is decoded, the token looked up, the work handed to a background task. With STORE set it inserts the event into
PostgreSQL first, and answers when the insert is durable."""

import contextlib
import json
import os

import asyncpg
import redis.asyncio
from fastapi import BackgroundTasks, FastAPI, Request
from fastapi.responses import JSONResponse

cache = redis.asyncio.Redis(unix_socket_path=os.environ["REDIS_SOCKET"], decode_responses=True)
pool = None
seen = 0


@contextlib.asynccontextmanager
async def connected(_):
    global pool
    if "STORE" in os.environ:
        pool = await asyncpg.create_pool(os.environ["STORE"], min_size=16, max_size=16)
    yield


app = FastAPI(lifespan=connected)


async def process(event, tenant):
    global seen
    seen += 1


@app.post("/webhooks/evolution/whatsapp/{token}")
async def webhook(token: str, request: Request, background: BackgroundTasks):
    body = await request.body()
    tenant = await cache.get(f"token:{token}")
    if tenant is None or tenant == "revoked":
        status = 404 if tenant is None else 403
        return JSONResponse({"status": status, "bytes": len(body)}, status_code=status)
    event = json.loads(body)
    if pool is not None:
        await pool.execute(
            "INSERT INTO events (tenant, event, body) VALUES ($1, $2, $3)", tenant, event.get("event"), body)
    background.add_task(process, event, tenant)
    return {"status": "ok", "tenant": tenant, "bytes": len(body)}
