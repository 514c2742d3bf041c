"""The plain service that ours is compared with: FastAPI, and Pillow with a full decode of each photo.

It reads the same environment variables and uses the same bucket, table, model and LLM. It does less: no
idempotency key, no quota, no row before the result, no check of the LLM's text.
"""

import base64
import json
import os
import uuid
from io import BytesIO
from typing import TYPE_CHECKING, Annotated, Any

import boto3
import jwt
from fastapi import Depends, FastAPI, UploadFile
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from openai import OpenAI
from PIL import Image, ImageOps

from catalogue import DRAWN, load

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sagemaker_runtime.client import SageMakerRuntimeClient

app = FastAPI()
s3: "S3Client" = boto3.client("s3")
dynamodb: "DynamoDBClient" = boto3.client("dynamodb")
runtime: "SageMakerRuntimeClient" = boto3.client("sagemaker-runtime")
llm = OpenAI(base_url=os.environ["LLM_BASE_URL"])
goods = load(DRAWN)
issuer = f"{os.environ['SUPABASE_URL']}/auth/v1"
keys = jwt.PyJWKClient(f"{issuer}/.well-known/jwks.json")


def caller(credentials: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]) -> str:
    token = credentials.credentials
    key = keys.get_signing_key_from_jwt(token)
    claims = jwt.decode(token, key, algorithms=["ES256"], audience="authenticated", issuer=issuer)
    return str(claims["sub"])


@app.get("/healthz")
def healthz() -> str:
    return "ok"


@app.post("/analyze")
def analyze(images: list[UploadFile], user: Annotated[str, Depends(caller)]) -> dict[str, Any]:
    report_id = str(uuid.uuid4())
    seen = []
    for number, upload in enumerate(images, 1):
        opened = Image.open(upload.file)
        opened.load()
        image = ImageOps.exif_transpose(opened).convert("RGB")
        image.thumbnail((768, 768))
        body = _jpeg(image)
        s3.put_object(
            Bucket=os.environ["IMAGE_BUCKET"],
            Key=f"photos/{user}/{report_id}/{number}.jpg",
            Body=body,
            ContentType="image/jpeg",
        )
        width, height = image.size
        scale = 384 / max(width, height)
        seen.append(_jpeg(image.resize((round(width * scale), round(height * scale)))))
    answer = _ask_model(seen)
    text = _ask_llm(answer)
    report = {"id": report_id, "narrative": "llm", **text, **answer}
    dynamodb.put_item(
        TableName=os.environ["REPORTS_TABLE"],
        Item={
            "pk": {"S": f"user#{user}"},
            "sk": {"S": f"report#{report_id}"},
            "report": {"S": json.dumps(report)},
        },
    )
    return report


def _jpeg(image: Image.Image) -> bytes:
    out = BytesIO()
    image.save(out, "JPEG", quality=85)
    return out.getvalue()


def _ask_model(photos: list[bytes]) -> dict[str, Any]:
    asked = {
        "photos": [base64.b64encode(photo).decode() for photo in photos],
        "catalogue": goods.version,
        "departments": list(goods.departments),
        "questions": ["type", "material", "wear"],
    }
    answer = runtime.invoke_endpoint(
        EndpointName=os.environ["MODEL_ENDPOINT"], ContentType="application/json", Body=json.dumps(asked)
    )
    result: dict[str, Any] = json.loads(answer["Body"].read())
    return result


def _ask_llm(answer: dict[str, Any]) -> dict[str, str]:
    completion = llm.chat.completions.create(
        model=os.environ["LLM_MODEL"],
        messages=[
            {"role": "system", "content": "Word a listing as JSON with a title and a description."},
            {"role": "user", "content": json.dumps(answer)},
        ],
        response_format={"type": "json_object"},
    )
    text: dict[str, str] = json.loads(completion.choices[0].message.content or "{}")
    return text
