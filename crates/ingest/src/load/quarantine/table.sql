create table if not exists {rejected} (
    file text not null
    , sha256 text not null
    , _loaded_at timestamptz not null
    , _business_date date not null
    , line bigint not null
    , byte bigint not null
    , "column" bigint not null
    , reason text not null
    , raw text not null
)
