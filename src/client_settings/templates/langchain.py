from langchain_openai import ChatOpenAI, OpenAIEmbeddings

chat = ChatOpenAI(base_url="{{base}}", api_key="{{key}}", model="{{model}}")
print(chat.invoke("Say hello").content)
embeddings = OpenAIEmbeddings(
    base_url="{{base}}", api_key="{{key}}", model="{{embedding}}",
    check_embedding_ctx_length=False,  # otherwise LangChain downloads a tokenizer from the internet
)
print(len(embeddings.embed_query("Hello")))
