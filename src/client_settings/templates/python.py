from openai import OpenAI

client = OpenAI(base_url="{{base}}", api_key="{{key}}")
answer = client.chat.completions.create(model="{{model}}", messages=[{"role": "user", "content": "Say hello"}])
print(answer.choices[0].message.content)
