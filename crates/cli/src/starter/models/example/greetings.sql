-- A model is one `select`. Others read it as `ref('greetings')`.

with languages as (

    select 'en' as language_code, 'hello' as greeting
    union all
    select 'fr' as language_code, 'bonjour' as greeting

)

select
    language_code
    , greeting
from languages
