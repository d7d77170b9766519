"""Makes IAM users flyerline-NAME, and credentials of each: iam_users.py ENDPOINT, {NAME: policy} as JSON on stdin."""
import json
import sys

import botocore.session

iam = botocore.session.get_session().create_client("iam", endpoint_url=sys.argv[1], region_name="us-east-1")

credentials = {}
for name, policy in json.load(sys.stdin).items():
    user = f"flyerline-{name}"
    arn = iam.create_user(UserName=user)["User"]["Arn"]
    iam.put_user_policy(UserName=user, PolicyName=name, PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName=user)["AccessKey"]
    credentials[name] = {
        "accountId": arn.split(":")[4],
        "accessKeyId": key["AccessKeyId"],
        "secretAccessKey": key["SecretAccessKey"],
    }
print(json.dumps(credentials))
